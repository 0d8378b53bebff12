namespace Coordination;

/// <summary>A pair of locks on one name: many readers at a time, or one writer.</summary>
public interface IDistributedReaderWriterLock
{
    /// <summary>The resource's name.</summary>
    string Name { get; }

    /// <summary>Shared with other readers, never with a writer.</summary>
    IDistributedLock ReadLock { get; }

    /// <summary>Exclusive. There is no upgrade: a reader that asks for it waits for itself.</summary>
    IDistributedLock WriteLock { get; }
}
