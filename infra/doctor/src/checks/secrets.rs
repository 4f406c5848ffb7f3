//! The secrets: whether they are there and of their form. What is in them is never shown.

use crate::{
    aws::{code, untold},
    outputs::Outputs,
    report::{Check, Finding},
};
use aws_config::SdkConfig;
use domain::link::LinkKeys;
use runtime::secrets::{SecretError, Secrets};

pub(crate) async fn findings(sdk: &SdkConfig, outputs: &Outputs) -> Vec<Finding> {
    vec![link_keys(sdk, &outputs.link_keys_secret).await, bootstrap_key(sdk, &outputs.bootstrap_secret).await]
}

async fn link_keys(sdk: &SdkConfig, name: &str) -> Finding {
    let check = Check::LinkKeys;
    let read = Secrets::new(sdk, None).link_keys(name).await;
    let (current, keys) = match read {
        Ok(read) => read,
        Err(error) => {
            return unusable(check, &error, "Restore an earlier version of the secret: links that were sent open only with its keys.");
        }
    };
    let count = keys.len();
    match LinkKeys::new(current, keys) {
        Ok(_) => {
            let all = if count == 1 { "1 key".to_owned() } else { format!("{count} keys") };
            Finding::ok(check, format!("The secret that signs customers' links has {all}, and number {current} signs."))
        }
        Err(error) => {
            let todo = "Set \"current\" to the number of a key that is in the secret.";
            Finding::problem(check, format!("The secret {name} cannot sign customers' links: {error}."), todo)
        }
    }
}

/// The first key of the API was made by the deployment, and whoever may read secrets may use it.
async fn bootstrap_key(sdk: &SdkConfig, name: &str) -> Finding {
    let check = Check::BootstrapKey;
    let gone = || Finding::ok(check, "The bootstrap key's secret is gone.");
    match aws_sdk_secretsmanager::Client::new(sdk).describe_secret().secret_id(name).send().await {
        Ok(secret) if secret.deleted_date.is_some() => gone(),
        Ok(_) => Finding::warning(
            check,
            format!("The bootstrap key is still in secret {name}: whoever reads it may do everything."),
            "Make API keys of your own; then revoke the bootstrap key and delete the secret.",
        ),
        Err(error) if code(&error) == "ResourceNotFoundException" => gone(),
        Err(error) => untold(check, &format!("Secret {name}"), &code(&error)),
    }
}

/// A secret that did not come, or not in its form. The error's own text shows its name and the form, and nothing of it.
pub(crate) fn unusable(check: Check, error: &SecretError, todo: &str) -> Finding {
    match error {
        SecretError::Gone { name } => Finding::problem(check, format!("There is no secret {name}, or it is being deleted."), todo),
        SecretError::Unreadable { name, reason } => untold(check, &format!("Secret {name}"), reason),
        SecretError::Malformed { name, expected } => Finding::problem(check, format!("Secret {name} is not of the form {expected}."), todo),
    }
}
