"""A client of Istio's certificate service, made from the public API's message shapes and nothing of Tulle's."""

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2

from support.certificates import name

METHOD = "/istio.v1.auth.IstioCertificateService/CreateCertificate"


def _messages():
    """IstioCertificateRequest and IstioCertificateResponse (istio/api, security/v1alpha1/ca.proto)."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="security/v1alpha1/ca.proto", package="istio.v1.auth", syntax="proto3",
        dependency=["google/protobuf/struct.proto"])
    request = file.message_type.add(name="IstioCertificateRequest")
    request.field.add(name="csr", number=1, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    request.field.add(name="validity_duration", number=3, type=kinds.TYPE_INT64, label=kinds.LABEL_OPTIONAL)
    request.field.add(name="metadata", number=4, type=kinds.TYPE_MESSAGE, label=kinds.LABEL_OPTIONAL,
                      type_name=".google.protobuf.Struct")
    response = file.message_type.add(name="IstioCertificateResponse")
    response.field.add(name="cert_chain", number=1, type=kinds.TYPE_STRING, label=kinds.LABEL_REPEATED)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return (message_factory.GetMessageClass(pool.FindMessageTypeByName(f"istio.v1.auth.{message.name}"))
            for message in file.message_type)


Request, Response = _messages()


def request_for(key, common: str = "ignored") -> str:
    """A signing request, as PEM, that names somebody whom nobody asked about."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(name(common)).add_extension(
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier("spiffe://cluster.local/ns/x/sa/admin")]), False)
    algorithm = None if not hasattr(key, "key_size") else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


class Signing:
    """Calls of the service, over TLS with or without a client certificate, or over its socket."""

    def __init__(self, target: str, roots: bytes | None = None, identity: tuple[bytes, bytes] | None = None):
        options = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))
        if target.startswith("unix:"):
            self.channel = grpc.insecure_channel(target, options=options)
        else:
            key, chain = identity or (None, None)
            self.channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(roots, key, chain), options=options)
        self.call = self.channel.unary_unary(
            METHOD, request_serializer=Request.SerializeToString, response_deserializer=Response.FromString)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def create(self, csr: str, *, token: str | None = None, seconds: int = 0, headers=(), **metadata) -> list:
        """The certificates of the answer, read by an independent library."""
        request = Request(csr=csr, validity_duration=seconds)
        request.metadata.update(metadata)
        sent = [*headers, *([("authorization", f"Bearer {token}")] if token is not None else [])]
        chain = self.call(request, metadata=sent, timeout=15).cert_chain
        return [x509.load_pem_x509_certificate(text.encode()) for text in chain]

    def refusal(self, csr: str, **more) -> tuple[grpc.StatusCode, str]:
        """The status and the words that a call is refused with."""
        try:
            got = self.create(csr, **more)
        except grpc.RpcError as error:
            return error.code(), error.details()
        raise AssertionError(f"signed: {got}")
