"""The registry through confluent-kafka's SchemaRegistryClient, as it comes from PyPI.

CONCORD_REGISTRY_URL and CONCORD_REGISTRY_TOKEN say where it is and who we are. Every line that is printed is one thing that held.
"""

import json
import os

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

URL = os.environ["CONCORD_REGISTRY_URL"]
TOKEN = os.environ["CONCORD_REGISTRY_TOKEN"]
SUBJECT = "python.permits-value"


def client(token=TOKEN):
    return SchemaRegistryClient({"url": URL, "basic.auth.user.info": f"any:{token}"})


def held(what, condition=True):
    if not condition:
        raise SystemExit(f"did not hold: {what}")
    print(f"ok {what}")


def refused(what, status, code, call):
    try:
        call()
    except SchemaRegistryError as error:
        held(f"{what}: {error.http_status_code}/{error.error_code}", (error.http_status_code, error.error_code) == (status, code))
        return
    raise SystemExit(f"was not refused: {what}")


def schema(fields, **more):
    properties = {name: {"type": "string"} for name in fields}
    text = {"title": "Permit", "type": "object", "properties": properties, "additionalProperties": False, **more}
    return Schema(json.dumps(text), "JSON")


registry = client()
first = registry.register_schema(SUBJECT, schema(["number"]))
held("register", isinstance(first, int) and first > 0)
held("register again gives the same id", client().register_schema(SUBJECT, schema(["number"])) == first)
held("fetch by id", json.loads(registry.get_schema(first).schema_str)["title"] == "Permit")
held("its type comes along", client().get_schema(first).schema_type == "JSON")
found = registry.lookup_schema(SUBJECT, schema(["number"]))
held("look up", (found.schema_id, found.version, found.subject) == (first, 1, SUBJECT))
refused("look up what is not there", 404, 40403, lambda: registry.lookup_schema(SUBJECT, schema(["x"])))
refused("look up a subject that is not there", 404, 40401, lambda: registry.lookup_schema("python.none", schema(["x"])))

wider = schema(["number", "status"])
held("a wider schema is compatible", registry.test_compatibility(SUBJECT, wider) is True)
second = registry.register_schema(SUBJECT, wider)
held("evolve", second != first and registry.get_latest_version(SUBJECT).version == 2)
narrower = schema(["status"])
held("a narrower schema is not compatible", registry.test_compatibility(SUBJECT, narrower) is False)
refused("a narrower schema", 409, 40901, lambda: registry.register_schema(SUBJECT, narrower))
refused("Avro", 422, 42201, lambda: registry.register_schema("python.avro", Schema('"string"', "AVRO")))
refused("a schema with a mistake", 422, 42201, lambda: registry.register_schema("python.bad", Schema('{"type": 3}', "JSON")))
held("list versions", registry.get_versions(SUBJECT) == [1, 2])
held("list subjects", SUBJECT in registry.get_subjects())
held("fetch a version", registry.get_version(SUBJECT, 1).schema_id == first)
refused("a version that is not there", 404, 40402, lambda: client().get_version(SUBJECT, 9))

base = Schema(json.dumps({"type": "string", "enum": ["open", "closed"]}), "JSON")
registry.register_schema("python.status", base)
user = Schema(json.dumps({"$ref": "status.json"}), "JSON", [SchemaReference("status.json", "python.status", 1)])
user_id = registry.register_schema("python.user", user)
held("references come back", client().get_schema(user_id).references[0].subject == "python.status")
refused("delete what is referred to", 422, 42206, lambda: registry.delete_subject("python.status"))

held("set compatibility", registry.set_compatibility(SUBJECT, "FULL")["compatibility"] == "FULL")
held("get compatibility", registry.get_compatibility(SUBJECT) == "FULL")
refused("full is stricter", 409, 40901, lambda: registry.register_schema(SUBJECT, schema(["number", "status", "fee"])))
held("compatibility for all", registry.get_compatibility() == "BACKWARD")

standard = registry.get_latest_version("standard.blds.permits")
held("a standard's table is a subject", standard.schema.schema_type == "TABLE" and "fields" in json.loads(standard.schema.schema_str))
refused("a standard's subject cannot be written", 422, 42205, lambda: registry.register_schema("standard.blds.permits", schema(["a"])))

serialize = JSONSerializer(schema(["number"]).schema_str, client(), conf={"auto.register.schemas": True})
deserialize = JSONDeserializer(None, schema_registry_client=client())
context = SerializationContext("python.messages", MessageField.VALUE)
message = serialize({"number": "B-1"}, context)
held("a message goes round", deserialize(message, context) == {"number": "B-1"})

held("delete a version", registry.delete_version(SUBJECT, 1) == 1)
held("delete a subject", registry.delete_subject(SUBJECT) == [2])
refused("delete it again", 404, 40404, lambda: client().delete_subject(SUBJECT))
held("delete it for good", registry.delete_subject(SUBJECT, permanent=True) == [1, 2])
refused("it is gone", 404, 40401, lambda: client().get_versions(SUBJECT))
refused("a token that is not known", 401, 40101, lambda: client("concord_nobody").get_subjects())
