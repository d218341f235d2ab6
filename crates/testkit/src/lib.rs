//! Random worlds and a naive reference evaluator
