using System.Buffers.Binary;

namespace Coordination.ZooKeeper.Tests.Support;

/// <summary>What a server says on a connection.</summary>
internal static class Frames
{
    /// <summary>Whether a piece has the reply to a request, and not only the acknowledgements of pings and the events of watches, which have negative numbers.</summary>
    public static bool HasReply(ReadOnlyMemory<byte> piece)
    {
        var rest = piece.Span;
        while (rest.Length >= 8)
        {
            if (BinaryPrimitives.ReadInt32BigEndian(rest[4..]) > 0)
            {
                return true;
            }

            var length = 4 + BinaryPrimitives.ReadInt32BigEndian(rest);
            rest = rest[Math.Min(length, rest.Length)..];
        }

        return false;
    }
}
