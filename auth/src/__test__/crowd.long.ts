import { describeCrowd } from '../test/crowd';

describeCrowd(40_000);
