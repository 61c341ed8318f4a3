export { FakePaddlePortalPage as default, fakePaddlePortalMetadata as metadata } from "tollgate/ui";
