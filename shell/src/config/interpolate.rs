//! `${NAME}` and `${NAME:-default}` in a value, from a map that the caller passes. Keys are never
//! replaced, and what comes out of the environment is not looked at again.

use std::collections::BTreeMap;

/// Why a value could not be completed.
pub(super) struct Fault {
    pub(super) value: String,
    pub(super) rule: String,
    pub(super) remedy: String,
}

/// `text` with its variables replaced.
pub(super) fn interpolate(text: &str, env: &BTreeMap<String, String>) -> Result<String, Fault> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((variable, remaining)) = after.split_once('}') else {
            return Err(malformed("without a closing brace"));
        };
        result.push_str(before);
        result.push_str(replacement(variable, env)?);
        rest = remaining;
    }
    result.push_str(rest);
    Ok(result)
}

fn replacement<'a>(variable: &'a str, env: &'a BTreeMap<String, String>) -> Result<&'a str, Fault> {
    let (name, default) = match variable.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (variable, None),
    };
    if !is_name(name) {
        return Err(malformed("not a variable"));
    }
    let set = env.get(name).map(String::as_str).filter(|value| !value.is_empty());
    set.or(default).ok_or_else(|| Fault {
        value: format!("without a value, because {name} is not set"),
        rule: "a variable without a default must be set".to_owned(),
        remedy: format!("set {name} or write ${{{name}:-default}}"),
    })
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn malformed(value: &str) -> Fault {
    Fault {
        value: value.to_owned(),
        rule: "a variable reads ${NAME} or ${NAME:-default}".to_owned(),
        remedy: "write ${NAME:-default} with capitals, digits and underscores".to_owned(),
    }
}
