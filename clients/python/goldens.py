"""Reads every golden answer of parley with botocore's own models: python goldens.py FOLDER.

FOLDER holds one folder per operation with .txtar files of HTTP requests and responses. A success answer must parse with
botocore's parser of the operation that its request names, and hold only members that the model knows, each of the
model's type, and all that the model requires. An error answer must parse as an error that the model declares for the
operation, with that error's members, or be one that AWS documents for all. Each finding is a line; the last line counts
what was read.
"""

import json
import pathlib
import re
import sys

import botocore.session
from botocore.parsers import create_parser

session = botocore.session.get_session()
models = {name: session.get_service_model(name) for name in ("connect", "connectparticipant")}
# Errors of the front door, which come before an operation's own and which no operation declares.
COMMON = {
    "IncompleteSignatureException", "InternalFailure", "InvalidSignatureException", "MissingAuthenticationTokenException",
    "NotImplementedException", "RequestEntityTooLargeException", "RequestTimeoutException", "SerializationException",
    "TooManyRequestsException", "UnknownOperationException", "UnrecognizedClientException",
}
# Errors that AWS's documentation names for an operation, or that clients expect of it, and its model does not.
DOCUMENTED = {
    ("CreateParticipantConnection", "ResourceNotFoundException"), ("UpdateInstanceAttribute", "AccessDeniedException"),
    ("SearchUsers", "AccessDeniedException"),
}
SCALARS = {
    "string": str, "boolean": bool, "integer": int, "long": int, "float": (int, float), "double": (int, float), "timestamp": (int, float),
}


class Routes:
    """Finds the operation of a request in the models, by its method and path."""

    def __init__(self):
        self.known = []
        for model in models.values():
            for name in model.operation_names:
                http = model.operation_model(name).http
                path = http["requestUri"].partition("?")[0].rstrip("/")
                pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.sub(r"\\{\w+\\\+\\}", ".+", re.escape(path)))
                self.known.append((path.count("{"), http["method"], re.compile(pattern + "/?"), model, name))
        self.known.sort(key=lambda route: route[0])  # what is spelled out goes before what is a label

    def find(self, request):
        method, target = request.split()[:2]
        path = target.partition("?")[0]
        for _, verb, pattern, model, name in self.known:
            if verb == method and pattern.fullmatch(path):
                return model, name
        return None, None


def exchanges(text):
    """The requests in a txtar with their answers: the request's first line, then status, headers and body."""
    request = ""
    for name, section in re.findall(r"(?ms)^-- (.+?) --\n(.*?)(?=^-- .+? --$|\Z)", text):
        section = section.replace("\r", "")
        if name == "request":
            request = section.partition("\n")[0]
        elif name == "response":
            head, _, body = section.partition("\n\n")
            first, *fields = head.split("\n")
            headers = dict(field.split(": ", 1) for field in fields if ": " in field)
            yield request, int(first.split()[1]), headers, body.strip()


def differences(value, shape, path):
    """What in the raw JSON the model does not know, or knows as something else."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            yield f"{path} is {value!r}, the model has a structure"
            return
        known = {m.serialization.get("name", name): m for name, m in shape.members.items()}
        for name in shape.required_members:
            member = shape.members[name]
            if member.serialization.get("location") is None and member.serialization.get("name", name) not in value:
                yield f"{path}.{name} is required by the model and missing"
        if shape.metadata.get("union") and len(value) != 1:
            yield f"{path} is a union and has {len(value)} members"
        for name, member in value.items():
            if name not in known:
                yield f"{path}.{name} is unknown to the model"
            elif member is not None or not NULLS.match(f"{path}.{name}"):
                yield from differences(member, known[name], f"{path}.{name}")
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{path} is {value!r}, the model has a list"
            return
        for i, member in enumerate(value):
            yield from differences(member, shape.member, f"{path}[{i}]")
    elif kind == "map":
        if not isinstance(value, dict):
            yield f"{path} is {value!r}, the model has a map"
            return
        for key, member in value.items():
            yield from differences(member, shape.value, f"{path}[{key}]")
    else:
        yield from scalar_differences(value, shape, path)


# Members that are null where there is nothing to tell: figures without data, and what a metric does not have in the API Reference's
# sample of GetMetricData.
NULLS = re.compile(r"^Get(Current)?MetricData(V2)?\.MetricResults\[\d+\]\.Collections\[\d+\]\.(Value|Metric\.Threshold)$")

# Values that the documentation names and the enumeration of the model lacks.
DOCUMENTED_VALUES = {"BatchGetFlowAssociation.FlowAssociationSummaryList[0].ResourceType": ["SMS_PHONE_NUMBER"]}


def scalar_differences(value, shape, path):
    kind = shape.type_name
    if not isinstance(value, SCALARS[kind]) or kind != "boolean" and isinstance(value, bool):
        yield f"{path} is {value!r}, the model has {kind}"
    elif kind == "string" and getattr(shape, "enum", None) and value not in shape.enum and value not in DOCUMENTED_VALUES.get(path, []):
        yield f"{path} is {value!r}, the model has one of {shape.enum}"
    elif kind == "string" and not shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", 1 << 30):
        yield f"{path} has {len(value)} characters, the model has {shape.metadata}"


def findings(model, operation, status, headers, body):
    shape = model.operation_model(operation).output_shape
    parser = create_parser(model.protocol)
    answer = {"status_code": status, "headers": {k.lower(): v for k, v in headers.items()}, "body": body.encode()}
    if status >= 300:
        code = parser.parse(answer, shape)["Error"]["Code"]
        declared = {s.error_code: s for s in model.operation_model(operation).error_shapes}
        if code in declared:
            shape = declared[code]
            want = shape.metadata.get("error", {}).get("httpStatusCode", status)
            if want != status:
                yield f"{code} came with {status}, the model has {want}"
            known = {m.serialization.get("name", name) for name, m in shape.members.items()}
            value = {k: v for k, v in json.loads(body or "{}").items() if k in known or k.lower() not in ("message", "__type")}
            yield from differences(value, shape, code)
        elif code not in COMMON and (operation, code) not in DOCUMENTED:
            yield f"{status} {code} is no error of the operation: {body[:120]}"
        return
    want = model.operation_model(operation).http.get("responseCode", 200)
    if status != want:
        yield f"status {status}, the model has {want}"
    if not headers.get("x-amzn-RequestId"):
        yield "no x-amzn-RequestId"
    parser.parse(answer, shape)
    if shape is not None:
        yield from differences(json.loads(body or "{}"), shape, operation)
    elif body not in ("", "{}"):
        yield f"has a body, the model has none: {body[:120]}"


def main():
    read = 0
    routes = Routes()
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*/*.txtar")):
        for request, status, headers, body in exchanges(file.read_text()):
            model, operation = routes.find(request)
            if model is None:
                continue
            read += 1
            try:
                for finding in findings(model, operation, status, headers, body):
                    print(f"{file.parent.name}/{file.name} {operation}: {finding}")
            except Exception as error:  # a parser that fails is a finding
                print(f"{file.parent.name}/{file.name} {operation}: {type(error).__name__}: {error}")
    print(f"{read} answers read")


if __name__ == "__main__":
    main()
