import { describeMany } from '../test/many';

describeMany(2000);
