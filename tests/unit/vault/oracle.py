"""Tink, which knows nothing of this project, seals and opens with a key that the test chooses."""

import io

import tink
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, tink_pb2

_TEMPLATE = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB


class _KeptOpen(io.BytesIO):
    """Tink closes what it writes to, and with it what is in memory would be gone."""

    def close(self) -> None:
        """Keep what was written."""


class Oracle:
    """The other implementation of the format.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        streaming_aead.register()
        form = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKeyFormat.FromString(_TEMPLATE.value)
        material = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(key_value=key, params=form.params)
        data = tink_pb2.KeyData(
            type_url=_TEMPLATE.type_url,
            value=material.SerializeToString(),
            key_material_type=tink_pb2.KeyData.SYMMETRIC,
        )
        entry = tink_pb2.Keyset.Key(
            key_id=1, key_data=data, status=tink_pb2.ENABLED, output_prefix_type=_TEMPLATE.output_prefix_type
        )
        keyset = tink_pb2.Keyset(primary_key_id=1, key=[entry]).SerializeToString()
        handle = tink.proto_keyset_format.parse(keyset, secret_key_access.TOKEN)
        self._streams = handle.primitive(streaming_aead.StreamingAead)

    def seal(self, plaintext: bytes, *, associated_data: bytes) -> bytes:
        """Seal a file."""
        target = _KeptOpen()
        with self._streams.new_encrypting_stream(target, associated_data) as stream:
            stream.write(plaintext)
        return target.getvalue()

    def open(self, sealed: bytes, *, associated_data: bytes) -> bytes:
        """Open a sealed file.

        Raises:
            tink.TinkError: It does not open.
        """
        with self._streams.new_decrypting_stream(io.BytesIO(sealed), associated_data) as stream:
            plaintext: bytes = stream.read()
        return plaintext
