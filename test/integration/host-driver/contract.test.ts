import { realHostContract } from '../../contract/real-host.ts';

realHostContract();
