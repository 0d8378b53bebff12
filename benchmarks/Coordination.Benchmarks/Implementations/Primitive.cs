namespace Coordination.Benchmarks.Implementations;

/// <summary>What workers contend for.</summary>
internal enum Primitive
{
    /// <summary>A lock.</summary>
    Lock,

    /// <summary>A reader-writer lock.</summary>
    ReaderWriterLock,

    /// <summary>A semaphore.</summary>
    Semaphore,
}
