//! What the job daemon makes of an opcode that RAPI has passed on.

use serde_json::Value;

use super::op::Op;
use super::spec::Kind;

/// Decodes disks: sizes become numbers of MiB. The error is the daemon's, which RAPI answers with 502.
pub(crate) fn decode(op: &mut Op) -> Result<(), String> {
    let refused =
        |why: String| format!("Failed to parse request: SubmitJob: Can't parse value for 'disks': {why}");
    let kind = op.kind();
    let Some(Value::Array(disks)) = op.params.get_mut("disks") else { return Ok(()) };
    for item in disks {
        match kind {
            Kind::InstanceCreate => decode_disk(item).map_err(refused)?,
            Kind::InstanceSetParams => {
                let parameters = item.as_array_mut().and_then(|change| change.last_mut());
                let decoded = parameters.map_or(Ok(()), decode_disk);
                // It tries older forms after this one, and tells about the last.
                decoded.map_err(|_| refused("Unable to read String".to_owned()))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn decode_disk(disk: &mut Value) -> Result<(), String> {
    if let Some(size) = disk.get_mut("size")
        && let Some(text) = size.as_str()
    {
        *size = parse_unit(text)?.into();
    }
    match disk.get("mode") {
        Some(mode) if mode != "rw" && mode != "ro" => {
            let shown = crate::json::shown(mode);
            Err(format!("Can't parse value for 'mode': Invalid string value for type DiskAccess: {shown}"))
        }
        _ => Ok(()),
    }
}

/// A number and a unit; every kilo is binary (`parseUnitAssumeBinary`).
fn parse_unit(text: &str) -> Result<i64, String> {
    let trimmed = text.trim_start();
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let number: i64 = number.parse().map_err(|_| format!("Can't parse string '{text}'"))?;
    let unit = unit.trim_start_matches(' ');
    let factor = match unit.to_uppercase().as_str() {
        "" | "M" | "MB" | "MIB" => 1,
        "G" | "GB" | "GIB" => 1024,
        "T" | "TB" | "TIB" => 1024 * 1024,
        _ => return Err(format!("Unknown unit '{unit}'")),
    };
    Ok(number.saturating_mul(factor))
}

#[cfg(test)]
mod tests {
    use super::decode_disk;
    use serde_json::json;

    #[test]
    fn sizes_become_numbers() {
        let mut disk = json!({"size": "1 G", "mode": "ro"});
        decode_disk(&mut disk).unwrap();
        assert_eq!(disk, json!({"size": 1024, "mode": "ro"}));
        assert_eq!(decode_disk(&mut json!({"size": "abc"})).unwrap_err(), "Can't parse string 'abc'");
        assert_eq!(decode_disk(&mut json!({"size": "1x"})).unwrap_err(), "Unknown unit 'x'");
        let error = decode_disk(&mut json!({"size": 64, "mode": "zz"})).unwrap_err();
        assert_eq!(error, "Can't parse value for 'mode': Invalid string value for type DiskAccess: \"zz\"");
    }
}
