"""Compares the schema with Envoy's own: every name, number, type, oneof and enum value (PyPI: xds-protos).

    compare.py SCHEMA.binpb
"""

import importlib
import sys

from google.protobuf import descriptor_pb2, descriptor_pool

POOL = descriptor_pool.Default()
faults = []
fields = 0


def shape(field):
    kind = field.message_type or field.enum_type
    oneof = field.containing_oneof
    return (field.number, field.type, kind.full_name if kind else "", field.is_repeated, oneof.name if oneof else "")


def message(prefix, node):
    global fields
    full = f"{prefix}.{node.name}"
    try:
        theirs = POOL.FindMessageTypeByName(full)
    except KeyError:
        faults.append(f"{full}: no such message")
        return
    for field in node.field:
        fields += 1
        oneof = node.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
        ours = (field.number, field.type, field.type_name.lstrip("."), field.label == field.LABEL_REPEATED, oneof)
        other = theirs.fields_by_name.get(field.name)
        if other is None or shape(other) != ours:
            faults.append(f"{full}.{field.name}: {ours} here, {other and shape(other)} there")
    for node_enum in node.enum_type:
        enum(full, node_enum)
    for nested in node.nested_type:
        if not nested.options.map_entry:
            message(full, nested)


def enum(prefix, node):
    theirs = POOL.FindEnumTypeByName(f"{prefix}.{node.name}").values_by_name
    for value in node.value:
        if value.name not in theirs or theirs[value.name].number != value.number:
            faults.append(f"{prefix}.{node.name}.{value.name}: another number there")


schema = descriptor_pb2.FileDescriptorSet()
with open(sys.argv[1], "rb") as source:
    schema.ParseFromString(source.read())
for entry in schema.file:
    importlib.import_module(entry.name.removesuffix(".proto").replace("/", ".") + "_pb2")
    for top in entry.message_type:
        message(entry.package, top)
    for top in entry.enum_type:
        enum(entry.package, top)
print("\n".join(faults) or f"{fields} fields agree")
sys.exit(bool(faults))
