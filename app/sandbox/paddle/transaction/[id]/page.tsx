export { FakePaddleTransactionPage as default, fakePaddleTransactionMetadata as metadata } from "tollgate/ui";
