"""The registry: the few things that are neither stream nor finding and must survive."""

from meguri_kit.registry.registry import KeyDestroyedError, Principal, Registry, RegistryError, Role
from meguri_kit.registry.users import OFFICE, User, UserNameError, Users, user_name

__all__ = [
    "OFFICE",
    "KeyDestroyedError",
    "Principal",
    "Registry",
    "RegistryError",
    "Role",
    "User",
    "UserNameError",
    "Users",
    "user_name",
]
