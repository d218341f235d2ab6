//! Plain values of the Kubernetes network world
