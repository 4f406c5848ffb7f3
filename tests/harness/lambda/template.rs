//! Functions as the template describes them, with stand-ins for what the stack would make.

use super::root;
use serde_yaml_ng::Value;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// A function of the template.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its resource's name, such as `InvoicePage`.
    pub resource: String,
    /// Its folder's name, such as `invoice-page`.
    pub name: String,
    /// How long it may take for an event.
    pub timeout: Duration,
    /// Megabytes of memory.
    pub memory: u64,
    /// Its environment variables.
    pub variables: BTreeMap<String, String>,
}

impl Function {
    /// What `sam build` made of it.
    #[must_use]
    pub fn binary(&self) -> PathBuf {
        root().join(".aws-sam/build").join(&self.resource).join("bootstrap")
    }
}

/// What a name in the template stands for here; nothing for `AWS::NoValue`.
fn named(name: &str) -> Option<String> {
    let stands_for = match name {
        "AWS::NoValue" => return None,
        "AWS::StackName" | "Bus" | "Table" => "remit",
        "BootstrapKey" => "remit/bootstrap-key",
        "CustomerDomain" => "pay.invalid",
        "LinkKeys" => "remit/link-keys",
        "MailSettings" => "remit-mails",
        "Mode" => "test",
        "StaffLogin" => "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Kestrel,4h2k9example",
        "SenderIdentity" => "kestrel.example.com",
        "StripeSecretName" => "remit/stripe",
        other => panic!("nothing stands here for {other} of the template"),
    };
    Some(stands_for.to_owned())
}

fn holds(condition: &str) -> bool {
    match condition {
        "HasDomain" | "HasSender" | "HasStaffLogin" | "HasStripe" => true,
        "HasAlarmEmail" | "HasPathName" | "IsLive" => false,
        other => panic!("it is not said here whether {other} of the template holds"),
    }
}

/// A text with `${Name}` in it.
fn filled(text: &str) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let (name, after) = rest.split_once('}').unwrap();
    format!("{before}{}{}", named(name).unwrap_or_default(), filled(after))
}

fn value(of: &Value) -> Option<String> {
    match of {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Tagged(tagged) if tagged.tag == "Ref" => named(tagged.value.as_str().unwrap()),
        Value::Tagged(tagged) if tagged.tag == "Sub" => Some(filled(tagged.value.as_str().unwrap())),
        Value::Tagged(tagged) if tagged.tag == "If" => {
            let chosen = if holds(tagged.value[0].as_str().unwrap()) { 1 } else { 2 };
            value(&tagged.value[chosen])
        }
        Value::Tagged(tagged) if tagged.tag == "Select" => {
            let place = usize::try_from(tagged.value[0].as_u64().unwrap()).unwrap();
            parts(&tagged.value[1]).into_iter().nth(place)
        }
        other => panic!("{other:?} of the template is not understood here"),
    }
}

fn parts(of: &Value) -> Vec<String> {
    let Value::Tagged(tagged) = of else { panic!("{of:?} of the template is not understood here") };
    assert!(tagged.tag == "Split", "{tagged:?} of the template is not understood here");
    value(&tagged.value[1]).unwrap().split(tagged.value[0].as_str().unwrap()).map(str::to_owned).collect()
}

fn variables(of: &Value) -> BTreeMap<String, String> {
    let Some(listed) = of["Environment"]["Variables"].as_mapping() else { return BTreeMap::new() };
    listed.iter().filter_map(|(name, it)| Some((name.as_str().unwrap().to_owned(), value(it)?))).collect()
}

/// All functions of the template, by their resources' names.
#[must_use]
pub fn functions() -> Vec<Function> {
    let template: Value = serde_yaml_ng::from_str(local::schedule::TEMPLATE).unwrap();
    let all = &template["Globals"]["Function"];
    let resources = template["Resources"].as_mapping().unwrap().iter();
    let mut found: Vec<Function> = resources
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
        .map(|(resource, it)| {
            let its = &it["Properties"];
            let number = |name: &str| its[name].as_u64().or(all[name].as_u64()).unwrap();
            let mut together = variables(all);
            together.extend(variables(its));
            Function {
                resource: resource.as_str().unwrap().to_owned(),
                name: its["CodeUri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned(),
                timeout: Duration::from_secs(number("Timeout")),
                memory: number("MemorySize"),
                variables: together,
            }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// One function, by its folder's name.
///
/// # Panics
/// When the template has none.
#[must_use]
pub fn function(name: &str) -> Function {
    functions().into_iter().find(|function| function.name == name).unwrap_or_else(|| panic!("the template has no function {name}"))
}
