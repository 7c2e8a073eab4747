//! The battery of the device that the terminal runs on, as Linux tells it (Documentation/ABI/testing/
//! sysfs-class-power): one folder a supply, one value a file.

use device::hardware::{Battery, Charge};
use std::path::{Path, PathBuf};

/// Where Linux keeps the supplies.
pub const SUPPLIES: &str = "/sys/class/power_supply";
/// Supplies that are looked at.
const MOST: usize = 16;

/// The supplies in a folder.
#[derive(Clone, Debug)]
pub struct SystemBattery(PathBuf);

impl SystemBattery {
    /// This machine's.
    pub fn of_this_machine() -> Self {
        Self::within(Path::new(SUPPLIES))
    }

    /// Those of another folder, for tests.
    pub fn within(folder: &Path) -> Self {
        Self(folder.to_owned())
    }
}

impl Battery for SystemBattery {
    /// The emptiest battery that feeds the device itself; a mouse has one too (scope `Device`).
    fn charge(&self) -> Option<Charge> {
        let supplies = std::fs::read_dir(&self.0).ok()?.flatten().take(MOST);
        supplies.filter_map(|supply| charge_of(&supply.path())).min_by_key(|charge| charge.percent)
    }
}

fn charge_of(supply: &Path) -> Option<Charge> {
    let value =
        |name: &str| std::fs::read_to_string(supply.join(name)).ok().map(|text| text.trim().to_owned());
    if value("type")? != "Battery" || value("scope").as_deref() == Some("Device") {
        return None;
    }
    let percent = value("capacity")?.parse().ok().filter(|percent| *percent <= 100)?;
    let charging = matches!(value("status").as_deref(), Some("Charging" | "Full" | "Not charging"));
    Some(Charge { percent, charging })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supply(folder: &Path, name: &str, values: &[(&str, &str)]) {
        std::fs::create_dir(folder.join(name)).unwrap();
        for (file, value) in values {
            std::fs::write(folder.join(name).join(file), format!("{value}\n")).unwrap();
        }
    }

    #[test]
    fn the_devices_own_battery_is_told_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let battery = SystemBattery::within(folder.path());
        assert_eq!(battery.charge(), None);
        assert_eq!(SystemBattery::within(&folder.path().join("none")).charge(), None);
        supply(folder.path(), "AC", &[("type", "Mains"), ("online", "0")]);
        let mouse = [("type", "Battery"), ("scope", "Device"), ("capacity", "3")];
        supply(folder.path(), "hidpp_0", &mouse);
        supply(folder.path(), "BAT1", &[("type", "Battery"), ("capacity", "120")]);
        assert_eq!(battery.charge(), None);
        let own = [("type", "Battery"), ("capacity", "57"), ("status", "Discharging")];
        supply(folder.path(), "BAT0", &own);
        assert_eq!(battery.charge(), Some(Charge { percent: 57, charging: false }));
        std::fs::write(folder.path().join("BAT0/status"), "Charging\n").unwrap();
        assert_eq!(battery.charge(), Some(Charge { percent: 57, charging: true }));
    }
}
