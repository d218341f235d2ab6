//! Which API server to ask, and as whom: as kubectl would find it, or from inside a pod.

use std::env;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use futures::FutureExt;
use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

/// How an API server is found. Nothing said: `KUBECONFIG`, then `~/.kube/config`, then, inside a pod, its service account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The kubeconfig to use (`--kubeconfig`).
    pub kubeconfig: Option<PathBuf>,
    /// The context in it (`--context`); its current one if not said.
    pub context: Option<String>,
}

/// No API server can be asked with what is configured.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Nothing is configured at all.
    #[error(
        "no cluster is configured: there is neither a kubeconfig ({looked_for}) nor a service account, as pods have; \
         give --kubeconfig FILE"
    )]
    Nowhere {
        /// Where one was looked for.
        looked_for: String,
    },
    /// A kubeconfig cannot be used.
    #[error("kubeconfig {file}: {problem}; {mend}")]
    Kubeconfig {
        /// The file, or several that were merged.
        file: String,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        mend: String,
    },
    /// A pod's service account cannot be used.
    #[error(
        "the service account of this pod: {0}; mend: mount it (automountServiceAccountToken), or give --kubeconfig FILE"
    )]
    InCluster(#[from] InClusterError),
    /// The client cannot be made of the configuration.
    #[error("{origin}: {problem}; mend the certificates, keys and tokens that are named there")]
    Client {
        /// Where the configuration comes from.
        origin: String,
        /// What is wrong.
        problem: String,
    },
}

/// A configuration that could be read. No connection is made yet, and no thread is started.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where it can be read again.
    access: Option<Access>,
    config: Config,
    origin: String,
}

impl Access {
    /// Reads the configuration, and all files that it names.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub fn endpoint(&self) -> Result<Endpoint, AccessError> {
        let (mut config, origin) = match self.file() {
            Some(file) => (self.of_kubeconfig(&file)?, format!("kubeconfig {}", file.told())),
            None if env::var_os("KUBERNETES_SERVICE_HOST").is_some() => {
                (Config::incluster()?, "the service account of this pod".to_owned())
            }
            None => return Err(AccessError::Nowhere { looked_for: looked_for() }),
        };
        config.default_retry = false; // waiting is ours, so that it can be told and ended
        Ok(Endpoint { access: Some(self.clone()), config, origin })
    }

    fn file(&self) -> Option<File> {
        let named = self.kubeconfig.clone().map(File::Path);
        let from_environment =
            || env::var_os("KUBECONFIG").filter(|list| !list.is_empty()).map(|_| File::Environment);
        let at_home = || home().filter(|path| path.exists() || self.context.is_some()).map(File::Path);
        named.or_else(from_environment).or_else(at_home)
    }

    fn of_kubeconfig(&self, file: &File) -> Result<Config, AccessError> {
        let unusable = |problem: &KubeconfigError, contexts: &[String]| AccessError::Kubeconfig {
            file: file.told(),
            problem: self.problem(problem),
            mend: mend(problem, contexts),
        };
        let read = match file {
            File::Path(path) => Kubeconfig::read_from(path),
            File::Environment => Kubeconfig::read(),
        };
        let kubeconfig = read.map_err(|error| unusable(&error, &[]))?;
        let contexts: Vec<String> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
        let options = KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
        // The future waits for nothing: files are read as it goes.
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).now_or_never();
        config.unwrap_or(Err(KubeconfigError::FindPath)).map_err(|error| unusable(&error, &contexts))
    }

    fn problem(&self, error: &KubeconfigError) -> String {
        match error {
            KubeconfigError::ReadConfig(error, _) => error.to_string(),
            KubeconfigError::CurrentContextNotSet => "it names no current context".to_owned(),
            KubeconfigError::LoadContext(name) => format!("it has no context `{name}`"),
            KubeconfigError::LoadClusterOfContext(name) => {
                format!("it has no cluster `{name}`, which {} names", self.of_context())
            }
            KubeconfigError::MissingClusterUrl => {
                format!("the cluster of {} has no `server`", self.of_context())
            }
            other => format!("{}: {}", self.of_context(), with_causes(other)),
        }
    }

    fn of_context(&self) -> String {
        self.context.as_ref().map_or("its current context".to_owned(), |name| format!("context `{name}`"))
    }
}

/// Where a kubeconfig is.
enum File {
    Path(PathBuf),
    /// One or several, in `KUBECONFIG`.
    Environment,
}

impl File {
    fn told(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Environment => format!("{} (KUBECONFIG)", env::var("KUBECONFIG").unwrap_or_default()),
        }
    }
}

fn home() -> Option<PathBuf> {
    env::home_dir().map(|home| home.join(Path::new(".kube/config")))
}

fn looked_for() -> String {
    home().map_or("KUBECONFIG".to_owned(), |path| format!("KUBECONFIG, {}", path.display()))
}

fn mend(error: &KubeconfigError, contexts: &[String]) -> String {
    match error {
        KubeconfigError::ReadConfig(..) => {
            "name another with --kubeconfig or KUBECONFIG, or make it readable".to_owned()
        }
        KubeconfigError::CurrentContextNotSet | KubeconfigError::LoadContext(_) if !contexts.is_empty() => {
            format!("give --context, one of: {}", contexts.join(", "))
        }
        _ => "mend it: `kubectl config view` shows how kubectl reads it".to_owned(),
    }
}

/// An error with everything that lies behind it, each once.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            _ = write!(told, ": {text}");
        }
        cause = error.source();
    }
    told
}

impl Endpoint {
    /// An API server without any security, at this URL: for tests.
    ///
    /// # Panics
    /// When that is no URL.
    #[must_use]
    pub fn insecure(url: &str) -> Self {
        let mut config = Config::new(url.parse().expect("a URL"));
        config.default_retry = false;
        Self { access: None, config, origin: url.to_owned() }
    }

    /// The server's URL.
    pub fn url(&self) -> String {
        self.config.cluster_url.to_string()
    }

    /// Where this was configured.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The namespace of names that state none.
    pub fn default_namespace(&self) -> &str {
        &self.config.default_namespace
    }

    /// A client. Must be called where a runtime of tokio runs.
    pub(crate) fn client(&self) -> Result<Client, AccessError> {
        Client::try_from(self.config.clone()).map_err(|error| AccessError::Client {
            origin: self.origin.clone(),
            problem: with_causes(&error),
        })
    }

    /// The same, read again: tokens and certificates may be new.
    pub(crate) fn again(&self) -> Result<Self, AccessError> {
        self.access.as_ref().map_or_else(|| Ok(self.clone()), Access::endpoint)
    }
}
