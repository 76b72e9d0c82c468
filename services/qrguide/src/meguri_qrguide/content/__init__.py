"""A town's guide as files: what a content folder holds, how it is read, published, exported and imported."""
