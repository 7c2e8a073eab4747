//! sqlite_only
