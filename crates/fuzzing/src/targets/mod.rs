//! The targets: wires of networks and chips, codes, registers, banks, the center's and the
//! terminal's own bodies.

mod bank;
mod bodies;
mod codes;
mod register;
mod wires;

use crate::Target;

pub(crate) const ALL: &[Target] = &[
    Target { name: "iso8583_text", run: wires::iso8583_text, seeds: wires::messages_text },
    Target { name: "iso8583_packed", run: wires::iso8583_packed, seeds: wires::messages_packed },
    Target { name: "iso8583_stream", run: wires::iso8583_stream, seeds: wires::streams },
    Target { name: "network_file", run: wires::network_file, seeds: wires::network_files },
    Target { name: "emv_tlv", run: wires::tlv, seeds: wires::chips },
    Target { name: "emv_lists", run: wires::lists, seeds: wires::lists_seeds },
    Target { name: "secure_data", run: wires::secure_data, seeds: wires::secure_seeds },
    Target { name: "card_data", run: wires::card_data, seeds: wires::tracks },
    Target { name: "printer", run: wires::printer, seeds: wires::papers },
    Target { name: "bench_events", run: wires::bench, seeds: wires::bench_seeds },
    Target { name: "payment_code", run: codes::scan, seeds: codes::samples },
    Target { name: "nexo_message", run: register::message, seeds: register::clear },
    Target { name: "nexo_sealed", run: register::sealed, seeds: register::sealed_seeds },
    Target { name: "nexo_pairs", run: register::pairs, seeds: register::pairs_seeds },
    Target { name: "payment_body", run: bodies::payment, seeds: bodies::payments },
    Target { name: "center_bodies", run: bodies::others, seeds: bodies::others_seeds },
    Target { name: "journal_fact", run: bodies::fact, seeds: bodies::facts },
    Target { name: "bank_file", run: bank::file, seeds: bank::files },
    Target { name: "returned_file", run: bank::returned, seeds: bank::returned_files },
    Target { name: "holder_name", run: bank::name, seeds: bank::names },
    Target { name: "bank_master", run: bank::master, seeds: bank::masters },
    Target { name: "holiday_file", run: bank::holidays, seeds: bank::holiday_files },
];
