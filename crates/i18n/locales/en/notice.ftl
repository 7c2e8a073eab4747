# The texts of the room: payment notices. Amounts never stand in a mail.
notice-group-visa-master = Visa/Mastercard
notice-group-jcb-other = JCB and others
notice-group-unionpay = UnionPay
notice-group-emoney = E-money
notice-mail-subject = { $issuer }: payment notice for { $day }
notice-mail-company = To { $company }
notice-mail-contact = Attention: { $contact }
notice-mail-opening = Thank you for working with { $issuer }.
notice-mail-announce = Attached is your payment notice for { $day }, number { $number }. Please check it.
notice-mail-again = You asked for this notice again; it is the same one.
notice-mail-password = The attached file opens with the nine-digit number that we sent you by letter.
notice-mail-questions = If you have a question about the notice or the number, please ask us at the address below.
