// The registry through @confluentinc/schemaregistry, as it comes from npm.
import assert from "node:assert/strict";
import * as confluent from "@confluentinc/schemaregistry";

const { SchemaRegistryClient, JsonSerializer, JsonDeserializer, SerdeType, Compatibility } = confluent.default ?? confluent;
const settings = (token) => ({
  baseURLs: [process.env.CONCORD_REGISTRY_URL],
  basicAuthCredentials: { credentialsSource: "USER_INFO", userInfo: `any:${token}` },
  maxRetries: 0,
});
const client = (token = process.env.CONCORD_REGISTRY_TOKEN) => new SchemaRegistryClient(settings(token));
const registry = client();
const subject = "confluentinc.permits-value";

const held = (what) => console.log(`ok ${what}`);
const schema = (fields) => ({
  schemaType: "JSON",
  schema: JSON.stringify({
    title: "Permit",
    type: "object",
    properties: Object.fromEntries(fields.map((name) => [name, { type: "string" }])),
    additionalProperties: false,
  }),
});
const refused = async (what, status, code, call) => {
  const error = await call().then(
    () => assert.fail(`was not refused: ${what}`),
    (error) => error,
  );
  assert.deepEqual([error.status, error.errorCode], [status, code], `${what}: ${error.message}`);
  held(`${what}: ${status}/${code}`);
};

const first = await registry.register(subject, schema(["number"]));
assert.ok(first > 0);
held("register");
assert.equal(await client().register(subject, schema(["number"])), first);
held("register again gives the same id");
const fetched = await client().getBySubjectAndId(subject, first);
// Another client may have registered the same schema before us with other spaces in it.
assert.deepEqual(JSON.parse(fetched.schema), JSON.parse(schema(["number"]).schema));
held("fetch by id");
assert.equal(await client().getId(subject, schema(["number"])), first);
assert.equal(await client().getVersion(subject, schema(["number"])), 1);
held("look up");
await refused("look up what is not there", 404, 40403, () => client().getId(subject, schema(["x"])));

assert.equal(await registry.testCompatibility(subject, 1, schema(["number", "status"])), true);
assert.equal(await registry.testSubjectCompatibility(subject, schema(["status"])), false);
held("check compatibility");
const second = await registry.register(subject, schema(["number", "status"]));
assert.notEqual(second, first);
assert.deepEqual(await registry.getAllVersions(subject), [1, 2]);
assert.equal((await client().getLatestSchemaMetadata(subject)).id, second);
held("evolve");
await refused("a narrower schema", 409, 40901, () => client().register(subject, schema(["status"])));
await refused("Protobuf", 422, 42201, () => client().register("confluentinc.proto", { schemaType: "PROTOBUF", schema: 'syntax = "proto3";' }));

assert.equal(await registry.updateCompatibility(subject, Compatibility.NONE), Compatibility.NONE);
assert.equal(await registry.getCompatibility(subject), Compatibility.NONE);
held("set compatibility");
await registry.register(subject, schema(["status"]));
held("without it, a narrower schema is taken");
assert.ok((await registry.getAllSubjects()).includes(subject));
held("list subjects");

const serializer = new JsonSerializer(client(), SerdeType.VALUE, { autoRegisterSchemas: false, useLatestVersion: true });
const deserializer = new JsonDeserializer(client(), SerdeType.VALUE, {});
const message = await serializer.serialize("confluentinc.permits", { status: "open" });
assert.deepEqual(await deserializer.deserialize("confluentinc.permits", message), { status: "open" });
held("a message goes round");

assert.equal(await registry.deleteSubjectVersion(subject, 1), 1);
assert.deepEqual(await registry.deleteSubject(subject), [2, 3]);
assert.deepEqual(await registry.deleteSubject(subject, true), [1, 2, 3]);
await refused("it is gone", 404, 40401, () => client().getAllVersions(subject));
await refused("a token that is not known", 401, 40101, () => client("concord_x").getAllSubjects());
