//! Pods, nodes and services as network namespaces, with real probes
