// Drives the simulator with PayPay's own SDK, unmodified: where it goes is its own `conf`, whom it trusts is
// NODE_EXTRA_CA_CERTS. Arguments: folder of node_modules, port, two codes of a customer. Prints one JSON object.
const [modules, port, code, another] = process.argv.slice(2);
const sdk = require(`${modules}/@paypayopa/paypayopa-sdk-node`);
const configure = (clientSecret) =>
  sdk.Configure({
    clientId: "choba-test-key",
    clientSecret,
    merchantId: "SDK-SHOP",
    conf: new sdk.Conf({ hostName: "localhost", portNumber: Number(port) }),
  });
const money = (amount) => ({ amount, currency: "JPY" });
const brief = ({ STATUS, BODY, ERROR }) => ({
  http: STATUS,
  code: BODY?.resultInfo?.code,
  status: BODY?.data?.status,
  error: ERROR,
});

async function main() {
  const said = {};
  configure("another secret");
  said.forged = brief(await sdk.GetPaymentDetails(["sdk-1"]));
  configure("choba-test-secret");
  const payment = { merchantPaymentId: "sdk-1", userAuthorizationId: code, amount: money(880) };
  const created = await sdk.CreatePayment(payment);
  said.created = brief(created);
  said.found = brief(await sdk.GetPaymentDetails(["sdk-1"]));
  said.foundByCode = brief(await sdk.GetCodePaymentDetails(["sdk-1"]));
  said.refunded = brief(
    await sdk.PaymentRefund({
      merchantRefundId: "sdk-r1",
      paymentId: created.BODY?.data?.paymentId,
      amount: money(80),
      reason: "part",
    }),
  );
  said.refundFound = brief(await sdk.GetRefundDetails(["sdk-r1"]));
  said.cancelRefused = brief(await sdk.PaymentCancel(["sdk-1"]));
  said.cancelUnknown = brief(await sdk.PaymentCancel(["sdk-2"]));
  const late = { ...payment, merchantPaymentId: "sdk-2" };
  said.late = brief(await sdk.CreatePayment(late));
  const second = { ...payment, merchantPaymentId: "sdk-3", userAuthorizationId: another };
  said.createdAgain = brief(await sdk.CreatePayment(second));
  said.cancelled = brief(await sdk.PaymentCancel(["sdk-3"]));
  said.foundCancelled = brief(await sdk.GetPaymentDetails(["sdk-3"]));
  process.stdout.write(`\n${JSON.stringify(said)}`);
}
main();
