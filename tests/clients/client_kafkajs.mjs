// The registry through @kafkajs/confluent-schema-registry, as it comes from npm.
import assert from "node:assert/strict";
import { COMPATIBILITY, SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";

const host = process.env.CONCORD_REGISTRY_URL;
const auth = { username: "any", password: process.env.CONCORD_REGISTRY_TOKEN };
const registry = new SchemaRegistry({ host, auth });
const subject = "kafkajs.permits-value";

const held = (what) => console.log(`ok ${what}`);
const schema = (fields) => ({
  type: SchemaType.JSON,
  schema: JSON.stringify({
    title: "Permit",
    type: "object",
    properties: Object.fromEntries(fields.map((name) => [name, { type: "string" }])),
    additionalProperties: false,
  }),
});
const refused = async (what, status, call) => {
  const error = await call().then(
    () => assert.fail(`was not refused: ${what}`),
    (error) => error,
  );
  assert.equal(error.status ?? error.response?.status?.(), status, `${what}: ${error.message}`);
  held(`${what}: ${error.message.slice(0, 100)}`);
};

const first = await registry.register(schema(["number"]), { subject, compatibility: COMPATIBILITY.BACKWARD });
assert.ok(first.id > 0);
held("register");
assert.equal((await new SchemaRegistry({ host, auth }).register(schema(["number"]), { subject })).id, first.id);
held("register again gives the same id");
assert.equal(await registry.getLatestSchemaId(subject), first.id);
assert.equal(await registry.getRegistryId(subject, 1), first.id);
assert.equal(await registry.getRegistryIdBySchema(subject, schema(["number"])), first.id);
held("look up by version and by schema");

const message = await registry.encode(first.id, { number: "B-1" });
assert.deepEqual(await new SchemaRegistry({ host, auth }).decode(message), { number: "B-1" });
held("a message goes round");

const second = await registry.register(schema(["number", "status"]), { subject });
assert.notEqual(second.id, first.id);
held("evolve");
await refused("a narrower schema", 409, () => registry.register(schema(["status"]), { subject }));
await refused("another compatibility than is set", undefined, () => registry.register(schema(["number"]), { subject, compatibility: COMPATIBILITY.FULL }));
await refused("Avro", 422, () => registry.register({ type: SchemaType.AVRO, schema: '{"type":"record","name":"a.b","fields":[]}' }, { subject: "kafkajs.avro" }));
await refused("an id that is not there", 404, () => registry.getSchema(987654));
await refused("a token that is not known", 401, () => new SchemaRegistry({ host, auth: { ...auth, password: "concord_x" } }).getLatestSchemaId(subject));
