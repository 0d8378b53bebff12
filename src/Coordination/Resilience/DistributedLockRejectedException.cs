using Polly;

namespace Coordination.Resilience;

/// <summary>The outcome of an execution that did not run, because others held the lock until the time to wait was up.</summary>
public sealed class DistributedLockRejectedException : ExecutionRejectedException
{
    /// <summary>Makes the exception.</summary>
    public DistributedLockRejectedException()
        : this("Others held the lock.")
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened.</param>
    public DistributedLockRejectedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">Its cause.</param>
    public DistributedLockRejectedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal DistributedLockRejectedException(string lockName, TimeSpan timeout)
        : this(timeout == TimeSpan.Zero ? $"Others hold '{lockName}'." : $"Others held '{lockName}' until the time-out of {timeout} was up.") => LockName = lockName;

    /// <summary>The lock that others held.</summary>
    public string LockName { get; } = "";
}
