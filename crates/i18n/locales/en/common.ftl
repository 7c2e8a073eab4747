# Words that every room shares.
amount-yen = ¥{ $amount }
status-under-way = Processing
status-in-doubt = To be confirmed
status-abandoned = Stopped
status-sale = Sale
status-authorized = Authorized
status-released = Released
status-failed = Failed
status-usen-due = Sale, due
status-usen-paid = Paid
status-usen-authorized = Authorized
status-usen-undone = Failed after authorization
status-usen-refused = Refused
money-yes = The customer has been charged
money-no = The customer has not been charged
money-unknown = We are finding out whether the customer was charged
