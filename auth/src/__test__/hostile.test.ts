import { useService } from '../test/service';
import { expectRobust } from './hostile.property';

const service = useService({ mailing: 'waiting' });

it(
  '1,000 hostile requests get no 5xx, and every refusal has the shape and headers of the contract',
  () => expectRobust(service, 1000),
  3 * 60_000,
);
