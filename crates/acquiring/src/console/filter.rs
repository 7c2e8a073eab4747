//! What a person asks of the list: the address of the page is the whole question (spec screens 1.1).

use jiff::civil::Date;
use money::Yen;
use payment::{Brand, StateName, StatusProfile, label};
use serde::Deserialize;

/// The page's path.
pub(crate) const LIST_PATH: &str = "/payments";
/// Letters of free text that are looked at.
const TEXT_CHARS: usize = 64;

/// The fields of the address as they come; every one may be missing or nonsense.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) on: String,
    pub(crate) shop: String,
    pub(crate) terminal: String,
    pub(crate) state: String,
    pub(crate) brand: String,
    pub(crate) min: String,
    pub(crate) max: String,
    pub(crate) q: String,
    pub(crate) before: String,
}

/// The question, made plain: full width, spaces and separators do not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    /// The business date.
    pub(crate) on: Date,
    /// Today in Asia/Tokyo.
    pub(crate) today: Date,
    /// One shop.
    pub(crate) shop: Option<String>,
    /// A terminal's number or the end of it.
    pub(crate) terminal: Option<String>,
    /// A state; all states with the same word are meant.
    pub(crate) state: Option<StateName>,
    /// A brand.
    pub(crate) brand: Option<Brand>,
    /// At least this much.
    pub(crate) min: Option<Yen>,
    /// At most this much.
    pub(crate) max: Option<Yen>,
    /// An amount that is none was typed.
    pub(crate) bad_amount: bool,
    /// Transaction id, order code, approval number, slip number, last four.
    pub(crate) text: String,
    /// Only what is older than this place in the list.
    pub(crate) before: Option<i64>,
}

impl Filter {
    /// Reads the address. What cannot be understood is left out, except an amount, which is said.
    pub(crate) fn read(asked: &Asked, today: Date) -> Self {
        let typed = |text: &str| Some(pages::typed::text(text)).filter(|text| !text.is_empty());
        let amount = |text: &str| typed(text).map(|text| pages::typed::yen(&text));
        let (min, max) = (amount(&asked.min), amount(&asked.max));
        let terminal = pages::typed::digits(&asked.terminal);
        Self {
            on: day(&asked.on).unwrap_or(today),
            today,
            shop: typed(&asked.shop),
            terminal: Some(terminal).filter(|digits| !digits.is_empty() && digits.len() <= 12),
            state: StateName::from_word(&asked.state),
            brand: Brand::from_word(&asked.brand),
            bad_amount: [&min, &max].into_iter().flatten().any(Result::is_err),
            min: min.and_then(Result::ok),
            max: max.and_then(Result::ok),
            text: typed(&asked.q).unwrap_or_default().chars().take(TEXT_CHARS).collect(),
            before: asked.before.parse().ok(),
        }
    }

    /// The list shows the day that is running, from its top: it follows what happens.
    pub(crate) fn is_live(&self) -> bool {
        self.on == self.today && self.before.is_none()
    }

    /// Whether anything but the day is asked for.
    pub(crate) fn narrows(&self) -> bool {
        self.narrowing() > 0
    }

    /// How many fields narrow the list, free text included.
    pub(crate) fn narrowing(&self) -> usize {
        let set = [
            self.shop.is_some(),
            self.terminal.is_some(),
            self.state.is_some(),
            self.brand.is_some(),
            self.min.is_some(),
            self.max.is_some(),
            !self.text.is_empty(),
        ];
        set.into_iter().filter(|set| *set).count()
    }

    /// The same question of another day, from its top.
    pub(crate) fn of_day(&self, on: Date) -> Self {
        Self { on, before: None, ..self.clone() }
    }

    /// The same question, further down.
    pub(crate) fn older_than(&self, seq: i64) -> Self {
        Self { before: Some(seq), ..self.clone() }
    }

    /// Only the day.
    pub(crate) fn without_narrowing(&self) -> Self {
        Self::read(&Asked { on: self.on.to_string(), ..Asked::default() }, self.today)
    }

    /// Under this path, as an address.
    pub(crate) fn address(&self, path: &str) -> String {
        let amount = |yen: Option<Yen>| yen.map(|yen| yen.get().to_string());
        let fields = [
            ("on", (self.on != self.today).then(|| self.on.to_string())),
            ("shop", self.shop.clone()),
            ("terminal", self.terminal.clone()),
            ("state", self.state.map(|state| state.word().to_owned())),
            ("brand", self.brand.map(|brand| brand.word().to_owned())),
            ("min", amount(self.min)),
            ("max", amount(self.max)),
            ("q", Some(self.text.clone()).filter(|text| !text.is_empty())),
            ("before", self.before.map(|seq| seq.to_string())),
        ];
        let mut address = path.to_owned();
        let mut sign = '?';
        for (name, value) in fields {
            if let Some(value) = value {
                address.push_str(&format!("{sign}{name}={}", encoded(&value)));
                sign = '&';
            }
        }
        address
    }

    /// The words of the states that are asked for, as three parameters of a statement.
    pub(crate) fn states(&self, profile: StatusProfile) -> [Option<&'static str>; 3] {
        let Some(state) = self.state else { return [None; 3] };
        let mut words = same_word(profile, state).into_iter().map(StateName::word);
        let first = words.next();
        [first, words.next().or(first), words.next().or(first)]
    }
}

/// The states that are shown with the same word as this one.
pub(crate) fn same_word(profile: StatusProfile, state: StateName) -> Vec<StateName> {
    let key = |state| label(profile, state, true).key;
    StateName::ALL.into_iter().filter(|other| key(*other) == key(state)).collect()
}

/// One state for each word that a payment at the center can be shown with.
pub(crate) fn choices(profile: StatusProfile) -> Vec<StateName> {
    use StateName as S;
    let shown = [S::Approved, S::Authorized, S::InDoubt, S::Sent, S::Declined, S::Reversed, S::Released];
    let key = |state: S| label(profile, state, true).key;
    let mut found: Vec<S> = Vec::new();
    for state in shown {
        if !found.iter().any(|known| key(*known) == key(state)) {
            found.push(state);
        }
    }
    found
}

/// `2026-11-21`, `2026/11/21`, `20261121`, in full width too.
fn day(text: &str) -> Option<Date> {
    let digits = pages::typed::digits(text);
    if digits.len() != 8 {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let (month, date) = (i8::try_from(part(4, 6)?).ok()?, i8::try_from(part(6, 8)?).ok()?);
    Date::new(part(0, 4)?, month, date).ok()
}

/// For a part of an address: everything but letters, digits and `-._~` as `%XX`.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 21);

    fn read(edit: impl FnOnce(&mut Asked)) -> Filter {
        let mut asked = Asked::default();
        edit(&mut asked);
        Filter::read(&asked, TODAY)
    }

    #[test]
    fn an_address_is_read_back_as_the_same_question() {
        let filter = read(|asked| {
            asked.on = "２０２６/11/19".into();
            asked.shop = " 9000009 ".into();
            asked.terminal = "358002".into();
            asked.state = "in_doubt".into();
            asked.brand = "jcb".into();
            asked.min = "１，０００円".into();
            asked.max = "5000".into();
            asked.q = "TSU3-0000001 & 100%".into();
            asked.before = "42".into();
        });
        assert_eq!(
            filter.address(LIST_PATH),
            "/payments?on=2026-11-19&shop=9000009&terminal=358002&state=in_doubt&brand=jcb&min=1000&max=5000\
             &q=TSU3-0000001%20%26%20100%25&before=42"
        );
        assert_eq!((filter.on, filter.min), (date(2026, 11, 19), Yen::new(1000).ok()));
        assert_eq!(read(|_| {}).address(LIST_PATH), "/payments");
    }

    #[test]
    fn nonsense_is_left_out_and_a_bad_amount_is_said() {
        let filter = read(|asked| {
            asked.on = "2026-02-31".into();
            asked.state = "sold".into();
            asked.brand = "x".into();
            asked.max = "たくさん".into();
            asked.before = "'; DROP".into();
        });
        assert_eq!((filter.on, filter.state, filter.brand, filter.before), (TODAY, None, None, None));
        assert!(filter.bad_amount && !filter.narrows());
    }

    #[test]
    fn states_of_one_word_are_asked_for_together() {
        //
        for profile in [StatusProfile::Mpos, StatusProfile::Usen] {
            for state in StateName::ALL {
                assert!(same_word(profile, state).len() <= 3, "a statement has three places");
            }
            for state in [StateName::Approved, StateName::Failed, StateName::Released, StateName::Sent] {
                let offered =
                    choices(profile).into_iter().any(|choice| same_word(profile, choice).contains(&state));
                assert!(offered, "{state:?} can be asked for");
            }
        }
        let failed = read(|asked| asked.state = "declined".into());
        assert_eq!(failed.states(StatusProfile::Mpos), [Some("declined"), Some("failed"), Some("reversed")]);
        assert_eq!(failed.states(StatusProfile::Usen), [Some("declined"), Some("failed"), Some("declined")]);
    }
}
