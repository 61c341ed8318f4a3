export { FakePaddlePaymentPage as default, fakePaddlePaymentMetadata as metadata } from "tollgate/ui";
