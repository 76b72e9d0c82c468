from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Sales(_message.Message):
    __slots__ = ("sales",)
    SALES_FIELD_NUMBER: _ClassVar[int]
    sales: _containers.RepeatedCompositeFieldContainer[Sale]
    def __init__(self, sales: _Optional[_Iterable[_Union[Sale, _Mapping]]] = ...) -> None: ...

class Sale(_message.Message):
    __slots__ = ("town", "shop", "source", "external_id", "version", "at_ms", "key_day", "amount_yen", "tax_yen", "method", "brand", "refunded_yen", "cancelled")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    SHOP_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_YEN_FIELD_NUMBER: _ClassVar[int]
    TAX_YEN_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    BRAND_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_YEN_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    town: str
    shop: str
    source: str
    external_id: str
    version: int
    at_ms: int
    key_day: int
    amount_yen: int
    tax_yen: int
    method: str
    brand: str
    refunded_yen: int
    cancelled: bool
    def __init__(self, town: _Optional[str] = ..., shop: _Optional[str] = ..., source: _Optional[str] = ..., external_id: _Optional[str] = ..., version: _Optional[int] = ..., at_ms: _Optional[int] = ..., key_day: _Optional[int] = ..., amount_yen: _Optional[int] = ..., tax_yen: _Optional[int] = ..., method: _Optional[str] = ..., brand: _Optional[str] = ..., refunded_yen: _Optional[int] = ..., cancelled: _Optional[bool] = ...) -> None: ...
