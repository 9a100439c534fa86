import { run } from '../src/index';
import { sourcePages } from './pages/source-pages';

// What ts-node-dev runs and restarts: the service, with pages as their sources are saved.
run(sourcePages);
