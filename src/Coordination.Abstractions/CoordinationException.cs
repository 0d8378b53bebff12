namespace Coordination;

/// <summary>An operation failed for a reason other than that others hold the resource. The message names the backend, the operation and the resource.</summary>
public class CoordinationException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What failed, on which backend and resource, and what to do.</param>
    /// <param name="isTransient">Whether the same call may succeed later.</param>
    /// <param name="innerException">The cause, such as a driver's exception.</param>
    public CoordinationException(string message, bool isTransient, Exception? innerException = null)
        : base(message, innerException) => IsTransient = isTransient;

    /// <summary>
    /// Whether the same call may succeed later without anybody's doing: the server is out of reach, restarts, or is loading. Not
    /// transient are a wrong password, a missing permission, or a server that cannot do what is asked.
    /// </summary>
    public bool IsTransient { get; }
}

/// <summary>
/// The lease is lost: holding could no longer be guaranteed. Whatever was done under it may have overlapped another holder's
/// work, unless the store refused it by its fencing token.
/// </summary>
public sealed class LeaseLostException : CoordinationException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which lease was lost, and why.</param>
    /// <param name="innerException">The cause, if one is known.</param>
    public LeaseLostException(string message, Exception? innerException = null)
        : base(message, isTransient: false, innerException)
    {
    }
}
