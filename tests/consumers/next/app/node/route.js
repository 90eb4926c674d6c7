import { fingerprint } from 'posenc';

export const runtime = 'nodejs';
export const dynamic = 'force-dynamic';
export const GET = () => new Response(fingerprint());
