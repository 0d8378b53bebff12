using System.Threading.RateLimiting;
using Coordination.RateLimiting;

namespace Coordination;

/// <summary>Lets a distributed semaphore take the place of a rate limiter of the framework.</summary>
public static class SemaphoreRateLimiterExtensions
{
    /// <summary>
    /// A <see cref="RateLimiter"/> that limits concurrency over all processes: ASP.NET Core's rate-limiting middleware, an <c>HttpClient</c>'s handler and Polly's
    /// <c>AddRateLimiter</c> take it as it is. It hands out one permit a call, with one round trip, and gives it back when the lease is disposed.
    /// </summary>
    /// <remarks>
    /// <see cref="RateLimiter.AttemptAcquire"/> cannot ask the server without blocking its thread: it never gets a permit, sends nothing, and is not counted. Its callers go on to
    /// <see cref="RateLimiter.AcquireAsync"/>, as ASP.NET Core's middleware does. A server out of reach is a <see cref="CoordinationException"/> from there.
    /// </remarks>
    /// <param name="semaphore">The semaphore.</param>
    /// <param name="queueLimit">
    /// How many callers of this limiter may wait at a time; the rest are refused. Zero, the default, lets nobody wait. Callers wait in the semaphore's own queue, with those of
    /// other processes.
    /// </param>
    /// <param name="timeProvider">The clock for <see cref="RateLimiter.IdleDuration"/>; <see langword="null"/> for the system's.</param>
    /// <returns>The limiter. Disposing it refuses those that wait, and leaves the semaphore and the permits that are held alone.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    public static RateLimiter AsRateLimiter(this IDistributedSemaphore semaphore, int queueLimit = 0, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(semaphore);
        ArgumentOutOfRangeException.ThrowIfNegative(queueLimit);
        return new SemaphoreRateLimiter(semaphore, queueLimit, timeProvider ?? TimeProvider.System);
    }
}
