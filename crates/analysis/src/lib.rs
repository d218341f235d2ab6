//! Questions over the engine
