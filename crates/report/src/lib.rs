//! Renderers for people and machines
