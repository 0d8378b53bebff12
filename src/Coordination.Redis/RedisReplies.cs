using System.Globalization;
using Coordination.Backends;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>How modes and answers are written between us and the scripts.</summary>
internal static class RedisReplies
{
    // As in prelude.lua: a limit says the mode too.
    private const long SharedLimit = 1L << 32;

    /// <summary>A claim's mode and limit as one number.</summary>
    /// <param name="mode">The mode.</param>
    /// <param name="limit">For counted claims, the limit.</param>
    /// <returns>The number.</returns>
    public static long LimitOf(ClaimMode mode, int limit) => mode switch
    {
        ClaimMode.Exclusive => 0,
        ClaimMode.Shared => SharedLimit,
        _ => limit,
    };

    /// <summary>What the claim script says.</summary>
    /// <param name="reply">Its reply.</param>
    /// <param name="duration">The session's duration: what a claim that is there has left.</param>
    /// <returns>How the claim stands.</returns>
    public static ClaimResult ToClaimResult(RedisResult reply, TimeSpan duration) => (long)reply switch
    {
        > 0 and var token => ClaimResult.Granted(new FencingToken(token), duration),
        0 => ClaimResult.Refused,
        -1 => ClaimResult.Waiting(null, duration),
        var recheck => ClaimResult.Waiting(TimeSpan.FromMilliseconds(-2 - recheck), duration),
    };

    /// <summary>What the inspect script says.</summary>
    /// <param name="reply">Its reply.</param>
    /// <returns>The queue, in order.</returns>
    public static ResourceSnapshot ToSnapshot(RedisResult reply)
    {
        var values = (RedisValue[])reply!;
        var claims = new List<(long Token, long Arrival, ClaimStatus Status)>();
        for (var i = 1; i < values.Length; i += 5)
        {
            var limit = Number(values[i + 1]);
            var token = Number(values[i + 2]);
            var mode = limit switch
            {
                0 => ClaimMode.Exclusive,
                SharedLimit => ClaimMode.Shared,
                _ => ClaimMode.Counted,
            };
            FencingToken? granted = token > 0 ? new FencingToken(token) : null;
            claims.Add((token, Number(values[i + 3]), new ClaimStatus(values[i].ToString(), mode, values[i + 4].ToString(), granted)));
        }

        var first = Number(values[0]);
        return new ResourceSnapshot(
            [.. claims.Where(c => c.Token > 0).OrderBy(c => c.Token).Select(c => c.Status)],
            [.. claims.Where(c => c.Token == 0).OrderBy(c => c.Arrival).Select(c => c.Status)])
        {
            RecheckAfter = first > 0 ? TimeSpan.FromMilliseconds(first) : null,
        };
    }

    private static long Number(RedisValue value) => long.Parse(value.ToString(), NumberStyles.None, CultureInfo.InvariantCulture);
}
