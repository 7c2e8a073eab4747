//! postgres_only
