//! What one node must enforce, free of any dataplane
