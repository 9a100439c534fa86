import { describeCrowd } from '../test/crowd';

describeCrowd(4000);
