//! YAML and JSON text to model values, with places
