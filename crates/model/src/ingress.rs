//! Ingresses, as far as they lead to Services.

use crate::meta::Meta;
use crate::service::TargetPort;

/// One backend of an Ingress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressBackend {
    /// `host`, if the rule names one.
    pub host: Option<String>,
    /// `path`, if the rule names one.
    pub path: Option<String>,
    /// `service.name`, in the Ingress's namespace.
    pub service: String,
    /// `service.port`: number or name of the *Service* port.
    pub port: TargetPort,
}

/// An Ingress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// Name, labels and origin.
    pub meta: Meta,
    /// `spec.ingressClassName`.
    pub class: Option<String>,
    /// The default backend and those of all rules.
    pub backends: Vec<IngressBackend>,
}
