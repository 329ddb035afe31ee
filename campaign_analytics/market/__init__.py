"""Markets: what people export, read into typed columns."""
