namespace Coordination.Conformance; public static class WorkerLoop { }
