//! The outside world, simulated: cards, card network, desk, printer, mail catcher.
