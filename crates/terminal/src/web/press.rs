//! A press read from its form. What people typed is normalised here, once; what cannot be a press is refused.

use crate::context::{LocalSettings, Theme};
use crate::event::{Press, ReadCode};
use crate::limits;
use crate::screen::{Filter, Kind, Period, TaxChoice, TypedParts};
use crate::secret::Password;
use center_api::CodeToken;
use i18n::Lang;
use pages::typed;
use payment::{Brand, CodeEntry, Interfaces, Keypad};
use receipt::{Copy, Strokes};
use serde::Deserialize;
use std::collections::BTreeMap;

type Fields = BTreeMap<String, String>;

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map(String::as_str).filter(|text| text.len() <= limits::FIELD_CHARS).unwrap_or_default()
}

/// The press called `name` with the fields of its form.
#[expect(clippy::too_many_lines, reason = "one table of every form, a row each")]
pub(super) fn read(name: &str, fields: &Fields) -> Option<Press> {
    let text = |name| typed::text(field(fields, name));
    Some(match name {
        "activate" => Press::Activate {
            terminal_id: typed::digits(field(fields, "terminal_id")),
            password: Password::new(text("password")),
        },
        "confirm-shop" => Press::ConfirmShop,
        "sign-in" => Press::SignIn {
            login_id: typed::id(field(fields, "login_id")),
            password: Password::new(field(fields, "password")),
        },
        "change-password" => Press::OpenNewPassword,
        "new-password" => Press::NewPassword {
            current: Password::new(field(fields, "current")),
            new: Password::new(field(fields, "new")),
            again: Password::new(field(fields, "again")),
        },
        "sign-out" => Press::SignOut,
        "home" => Press::Home,
        "back" => Press::Back,
        "sale" => Press::OpenSale,
        "amount" => Press::Amount {
            typed: text("amount"),
            note: text("note"),
            tax: TaxChoice::from_word(field(fields, "tax")),
        },
        "split" => Press::Split(TypedParts { reduced: text("reduced"), exempt: text("exempt") }),
        "pay" => Press::Pay(field(fields, "class").parse().ok()?),
        "classes" => Press::OpenClasses,
        "choose-class" => Press::ChooseClass(field(fields, "class").parse().ok()?),
        "cancel" => Press::Cancel,
        "go-on" => Press::GoOn,
        "pay-by-code" => Press::PayByCode,
        "code" => Press::Code(ReadCode {
            token: CodeToken::new(text("code")),
            entry: match field(fields, "entry") {
                "scanner" => CodeEntry::Scanner,
                _ => CodeEntry::Typed,
            },
            brand: None,
        }),
        "brands" => Press::OpenBrands,
        "choose-brand" => Press::ChooseBrand(Some(Brand::from_word(field(fields, "brand"))?)),
        "brand-auto" => Press::ChooseBrand(None),
        "original" => Press::Original,
        "refund-open" => Press::OpenRefund,
        "refund" => Press::Refund { typed: text("amount"), reason: text("reason") },
        "refund-go" => Press::ConfirmRefund,
        "sign" => Press::Sign(strokes(fields.get("strokes").map(String::as_str).unwrap_or_default())),
        "give-back" => Press::GiveBack,
        "resume" => Press::Resume,
        "again" => Press::Again,
        "other-method" => Press::OtherMethod,
        "finish" => Press::Finish,
        "another-customer" => Press::AnotherCustomer,
        "check-now" => Press::CheckNow,
        "print-customer" => Press::Print(Copy::Customer),
        "print-merchant" => Press::Print(Copy::Merchant),
        "open-mail" => Press::OpenMail,
        "mail" => Press::Mail { address: typed::id(field(fields, "address")) },
        "qr" => Press::ShowQr,
        "history" => Press::OpenHistory(Filter {
            period: Period::from_word(field(fields, "period")).unwrap_or_default(),
            kind: Kind::from_word(field(fields, "kind")).unwrap_or_default(),
            amount: typed::yen(field(fields, "amount")).ok().filter(|amount| !amount.is_zero()),
        }),
        "find" => Press::Find { code: text("code") },
        "lookup" => Press::OpenLookup,
        "settings" => Press::OpenSettings,
        "save" => Press::Save(LocalSettings {
            lang: Lang::from_tag(field(fields, "lang")).unwrap_or_default(),
            interfaces: match field(fields, "interfaces") {
                "two" => Some(Interfaces::Two),
                "three" => Some(Interfaces::Three),
                _ => None,
            },
            keypad: match field(fields, "keypad") {
                "phone" => Some(Keypad::Phone),
                "calculator" => Some(Keypad::Calculator),
                _ => None,
            },
            theme: Theme::from_word(field(fields, "theme")).unwrap_or_default(),
        }),
        "echo" => Press::Echo,
        _ => return None,
    })
}

/// What the page's sheet posts: points in its own pixels.
#[derive(Deserialize)]
struct Drawn {
    width: i64,
    height: i64,
    strokes: Vec<Vec<(i64, i64)>>,
}

/// A signature in the slip's box of 1000 × 400 units; empty when it cannot be read.
pub(super) fn strokes(json: &str) -> Strokes {
    if json.len() > limits::SIGNATURE_BYTES {
        return Strokes::default();
    }
    serde_json::from_str::<Drawn>(json).map(|drawn| scaled(&drawn)).unwrap_or_default()
}

fn scaled(drawn: &Drawn) -> Strokes {
    let (width, height) = (drawn.width.clamp(1, 20_000), drawn.height.clamp(1, 20_000));
    // One factor for both directions, so that letters keep their shape; centred in the box.
    let by_width = width.saturating_mul(400) >= height.saturating_mul(1000);
    let (over, box_len) = if by_width { (width, 1000) } else { (height, 400) };
    let scale = |n: i64| n.clamp(0, 20_000).saturating_mul(box_len).checked_div(over).unwrap_or(0);
    let margin = |len: i64, room: i64| room.saturating_sub(scale(len)).max(0).checked_div(2).unwrap_or(0);
    let (left, top) = (margin(width, 1000), margin(height, 400));
    let place = |n: i64, shift: i64, most: i64| {
        i32::try_from(scale(n).saturating_add(shift).clamp(0, most)).unwrap_or(0)
    };
    Strokes(
        drawn
            .strokes
            .iter()
            .map(|stroke| stroke.iter().map(|&(x, y)| (place(x, left, 1000), place(y, top, 400))).collect())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_people_type_is_taken_as_they_type_it() {
        let typed = fields(&[("amount", "１，３６０円"), ("note", "　お茶 ")]);
        assert_eq!(
            read("amount", &typed),
            Some(Press::Amount { typed: "1,360円".into(), note: "お茶".into(), tax: TaxChoice::Several })
        );
        let login = fields(&[("login_id", " Hanako＠Example.jp "), ("password", " p w ")]);
        assert_eq!(
            read("sign-in", &login),
            Some(Press::SignIn { login_id: "hanako@example.jp".into(), password: Password::new(" p w ") })
        );
    }

    #[test]
    fn what_is_no_press_is_refused() {
        for (name, pairs) in [("", &[][..]), ("refunds", &[]), ("pay", &[("class", "bonus-2")]), ("pay", &[])]
        {
            assert_eq!(read(name, &fields(pairs)), None, "{name}");
        }
    }

    #[test]
    fn a_signature_fits_into_the_slips_box_whatever_the_sheet() {
        for json in [
            r#"{"width":300,"height":900,"strokes":[[[0,0],[300,900]]]}"#,
            r#"{"width":2000,"height":100,"strokes":[[[0,0],[2000,100]]]}"#,
            r#"{"width":0,"height":-5,"strokes":[[[-9,999999],[5,5]]]}"#,
        ] {
            assert!(strokes(json).is_signature(), "{json}");
        }
        for junk in ["", "[]", "{}", r#"{"width":1,"height":1,"strokes":[]}"#] {
            assert!(!strokes(junk).is_signature(), "{junk}");
        }
    }
}
