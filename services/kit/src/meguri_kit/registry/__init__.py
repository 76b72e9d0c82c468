"""The registry: the few things that are neither stream nor finding and must survive."""

from meguri_kit.registry.registry import KeyDestroyedError, Principal, Registry, RegistryError, Role

__all__ = ["KeyDestroyedError", "Principal", "Registry", "RegistryError", "Role"]
