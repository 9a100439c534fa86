import { useService } from '../test/service';
import { expectRobust } from './hostile.property';

const service = useService({ mailing: 'waiting' });

it(
  '10,000 hostile requests get no 5xx, and every refusal has the shape and headers of the contract',
  () => expectRobust(service, 10_000),
  15 * 60_000,
);
