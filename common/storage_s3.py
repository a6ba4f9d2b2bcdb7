"""The S3 side of common.storage, apart from it so that only who uses S3 loads boto3 (0.7 s of every start)."""

from functools import cached_property
from typing import IO, Any, cast

from botocore.exceptions import ClientError
from django.urls import URLPattern, URLResolver
from storages.backends.s3 import S3Storage

from common.storage import READ_SECONDS, UPLOAD_SECONDS, UploadTarget, byte_chunks, checked_key, digest_chunks


class PresignedS3Storage(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """An S3-compatible bucket; browsers talk to it directly with presigned POST and GET."""

    def __init__(self, **options: Any) -> None:
        # A server of one's own rarely has a name per bucket; AWS needs one for presigned URLs outside us-east-1.
        options.setdefault("addressing_style", "path" if options.get("endpoint_url") else "virtual")
        super().__init__(**options)

    def get_default_settings(self) -> dict[str, Any]:
        """Add `public_endpoint_url` and the choices this project always makes to django-storages' options."""
        defaults = super().get_default_settings()
        ours = {"signature_version": "s3v4", "default_acl": None, "file_overwrite": True, "querystring_auth": True}
        return {**defaults, **ours, "public_endpoint_url": None}

    def presign_upload(
        self, *, key: str, content_type: str, max_bytes: int, expires_seconds: int = UPLOAD_SECONDS
    ) -> UploadTarget:
        """Return a presigned POST; the server itself refuses another key, type, size or a late use."""
        post = self._public_client.generate_presigned_post(
            Bucket=self.bucket_name,
            Key=self._name(key),
            Fields={"Content-Type": content_type},
            Conditions=[["content-length-range", 1, max_bytes], {"Content-Type": content_type}],
            ExpiresIn=expires_seconds,
        )
        return UploadTarget(method="POST", url=post["url"], fields=post["fields"])

    def signed_url(self, key: str, *, expires_seconds: int = READ_SECONDS) -> str:
        """Return a presigned GET on the public endpoint."""
        params = {"Bucket": self.bucket_name, "Key": self._name(key)}
        url: str = self._public_client.generate_presigned_url("get_object", Params=params, ExpiresIn=expires_seconds)
        return url

    def open_bytes(self, key: str, *, first: int = 0) -> IO[bytes]:
        """Open the object from byte `first` on as a stream (readable once, not seekable). The caller closes it."""
        part = {"Range": f"bytes={first}-"} if first else {}
        try:
            body = self._client.get_object(Bucket=self.bucket_name, Key=self._name(key), **part)["Body"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(key) from None
            raise
        return cast(IO[bytes], body)

    def digest(self, key: str) -> tuple[str, int]:
        """Return (SHA-256 hex, size) by reading the object once."""
        with self.open_bytes(key) as stream:
            return digest_chunks(byte_chunks(stream))

    def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        """Write `data` under `key`, replacing what was there (S3 writes are atomic)."""
        self._client.put_object(Bucket=self.bucket_name, Key=self._name(key), Body=data, ContentType=content_type)

    def put_file(self, key: str, stream: IO[bytes], content_type: str) -> None:
        """`put_bytes` of a stream, sent in parts."""
        extra = {"ContentType": content_type}
        self._client.upload_fileobj(stream, self.bucket_name, self._name(key), ExtraArgs=extra)

    def delete(self, name: str) -> None:
        """Remove the object; removing what is not there is fine."""
        super().delete(checked_key(name))

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        """Return a signed URL, because nothing here is public."""
        return self.signed_url(name)

    def url_patterns(self) -> list[URLPattern | URLResolver]:
        """Return no routes: the bucket serves itself."""
        return []

    def _name(self, key: str) -> str:
        return cast(str, self._normalize_name(checked_key(key)))

    @cached_property
    def _client(self) -> Any:
        return self._make_client(self.endpoint_url)

    @cached_property
    def _public_client(self) -> Any:
        """Signatures cover the host, so URLs for browsers are signed for the host browsers use."""
        return self._make_client(self.public_endpoint_url or self.endpoint_url)

    def _make_client(self, endpoint: str | None) -> Any:
        return self._create_session().client(
            "s3", region_name=self.region_name, endpoint_url=endpoint, config=self.client_config, verify=self.verify
        )
